with records as (

    select * from {{ latest_records('raw_okta', 'users') }} as records

),

final as (

    select
        {{ json_text('payload', '$.id') }} as user_id,
        {{ json_text('payload', '$.status') }} as status,
        {{ json_text('payload', '$.profile.login') }} as login,
        {{ json_text('payload', '$.profile.email') }} as email,
        {{ json_text('payload', '$.profile.employeeNumber') }} as employee_number,
        {{ json_text('payload', '$.profile.firstName') }} as first_name,
        {{ json_text('payload', '$.profile.lastName') }} as last_name,
        {{ json_text('payload', '$.profile.displayName') }} as display_name,
        {{ json_text('payload', '$.profile.userType') }} as user_type,
        {{ json_text('payload', '$.profile.department') }} as department,
        {{ json_timestamp('payload', '$.created') }} as created_at,
        {{ json_timestamp('payload', '$.activated') }} as activated_at,
        {{ json_timestamp('payload', '$.statusChanged') }} as status_changed_at,
        {{ json_timestamp('payload', '$.lastLogin') }} as last_login_at,
        {{ json_timestamp('payload', '$.lastUpdated') }} as last_updated_at,
        {{ json_timestamp('payload', '$.passwordChanged') }} as password_changed_at,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        first_collected_at,
        versions
    from records

)

select * from final
