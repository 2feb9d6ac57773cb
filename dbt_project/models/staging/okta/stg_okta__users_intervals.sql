with records as (

    select * from {{ record_intervals('raw_okta', 'users') }} as records

),

unpacked as (

    select * from {{ json_texts('records', 'payload', {
        'user_id': '$.id',
        'status': '$.status',
        'login': '$.profile.login',
        'email': '$.profile.email',
        'employee_number': '$.profile.employeeNumber',
        'first_name': '$.profile.firstName',
        'last_name': '$.profile.lastName',
        'display_name': '$.profile.displayName',
        'user_type': '$.profile.userType',
        'department': '$.profile.department',
        'created_at': '$.created',
        'activated_at': '$.activated',
        'status_changed_at': '$.statusChanged',
        'last_login_at': '$.lastLogin',
        'last_updated_at': '$.lastUpdated',
        'password_changed_at': '$.passwordChanged'
    }) }} as unpacked

),

final as (

    select
        user_id,
        status,
        login,
        email,
        employee_number,
        first_name,
        last_name,
        display_name,
        user_type,
        department,
        {{ text_to_instant('created_at') }} as created_at,
        {{ text_to_instant('activated_at') }} as activated_at,
        {{ text_to_instant('status_changed_at') }} as status_changed_at,
        {{ text_to_instant('last_login_at') }} as last_login_at,
        {{ text_to_instant('last_updated_at') }} as last_updated_at,
        {{ text_to_instant('password_changed_at') }} as password_changed_at,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        seen_from,
        seen_to,
        gone_at
    from unpacked

)

select * from final
