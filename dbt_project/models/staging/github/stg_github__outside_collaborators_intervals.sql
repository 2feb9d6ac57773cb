with

records as (

    select * from {{ record_intervals('raw_github', 'outside_collaborators') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$.id') }} as user_id,
        {{ json_text('payload', '$.login') }} as login,
        {{ json_text('payload', '$.type') }} as user_type,
        {{ json_bool('payload', '$.site_admin') }} as is_site_admin,
        record_key,
        payload_sha256,
        collection_id,
        collected_at,
        seen_from,
        seen_to,
        gone_at
    from records

)

select * from final
